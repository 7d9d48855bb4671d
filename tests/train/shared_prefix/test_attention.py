import torch

from train.shared_prefix.attention import branch_mask, segments


def test_a_branch_sees_its_prompt_and_itself() -> None:
    branch = torch.tensor([[0, 0, 1, 1, 2, -1]])
    sees = branch_mask(branch)[0, 0]
    assert sees.int().tolist() == [
        [1, 0, 0, 0, 0, 0],
        [1, 1, 0, 0, 0, 0],
        [1, 1, 1, 0, 0, 0],
        [1, 1, 1, 1, 0, 0],
        [1, 1, 0, 0, 1, 0],
        [0, 0, 0, 0, 0, 1],
    ]


def test_lengths_of_prompt_and_branches() -> None:
    branch = torch.tensor([[0, 0, 1, 1, 3, -1], [0, 1, 2, 2, 2, 2]])
    assert segments(branch) == ((2, (2, 0, 1)), (1, (1, 4)))
