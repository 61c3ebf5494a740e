"""What ``make bench`` runs. This import comes first: it sets up the process for Paddle."""

import mnist_helpers  # noqa: F401
