"""Training: reinforcement learning, or supervised fine-tuning, of a vision-language model on the questions."""
