"""The same for who uses nbgrader's own commands and formgrader: ``nbgrader_config.py`` names what is here."""
