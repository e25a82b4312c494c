"""HTTP: translate what was sent, call one workflow, translate back."""
