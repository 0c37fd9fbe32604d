import torch

from resources.learning.continual.network import Perceptron


def test_the_same_seed_draws_the_same_weights_and_leaves_the_random_numbers_of_others_alone() -> None:
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    one, same = (Perceptron(3, 4, 2, torch.Generator().manual_seed(1)) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), same.parameters(), strict=True))
    one.head.grow(3)
    assert torch.equal(before, torch.random.get_rng_state())
