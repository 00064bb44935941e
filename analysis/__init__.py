"""What static analysers say of the contract, against the answers in docs/security.md."""
