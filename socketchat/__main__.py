"""``python -m socketchat`` is the command ``socketchat``."""

from .cli import main

if __name__ == "__main__":
    main()
