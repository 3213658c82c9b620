"""What changes with another version of the routes, in lines for people; pure."""

from dataclasses import fields

from services.router.routes import Routes, Rule


def differences(old: Routes, new: Routes) -> list[str]:
    """A line for each rule that is gone (-), came (+), is another (~) or stands elsewhere (>)."""
    before = {rule.name: rule for rule in old.rules}
    after = {rule.name: rule for rule in new.rules}
    lines = [f"- {name}" for name in before if name not in after]
    lines += [
        f"~ {name}: {_changed(before[name], rule)}" if name in before else f"+ {name}"
        for name, rule in after.items()
        if before.get(name) != rule
    ]
    both_before = [name for name in before if name in after]
    both_after = [name for name in after if name in before]
    lines += [
        f"> {name}"
        for name, other in zip(both_after, both_before, strict=True)
        if name != other and before[name] == after[name]
    ]
    return lines


def _changed(old: Rule, new: Rule) -> str:
    names = [f.name for f in fields(Rule) if getattr(old, f.name) != getattr(new, f.name)]
    return ", ".join(names)
