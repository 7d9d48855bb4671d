"""Inspect's model provider for local Qwen2.5-VL checkpoints and LoRA adapters, through transformers."""
