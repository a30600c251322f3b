"""The same distribution, with cheaper steps or fewer of them."""
