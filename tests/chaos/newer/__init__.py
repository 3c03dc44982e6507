"""What stands for the next release: `sitecustomize.py` is what it knows more."""
