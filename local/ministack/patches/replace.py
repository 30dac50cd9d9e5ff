"""How a patch puts its function in the place of MiniStack's."""


def replace(module, name, wrap):
    """Replaces module.name by wrap(original), in the module's tables of API actions too: they hold the function itself."""
    original = getattr(module, name)
    patched = wrap(original)
    setattr(module, name, patched)
    for table in [value for value in vars(module).values() if isinstance(value, dict)]:
        for action, function in list(table.items()):
            if function is original:
                table[action] = patched
