"""The `pfpkit` section of ape-config.yaml, which Ape itself passes over."""

from collections.abc import Mapping
from pathlib import Path

from pfpkit.errors import BadInput


def pfpkit_section(path: Path) -> Mapping[str, object]:
    """Return the section, empty where there is none; BadInput names the file."""
    # Only what is configured needs it; it comes with Ape.
    import yaml  # type: ignore[import-untyped]

    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} cannot be read: {error}") from error
    try:
        whole = yaml.safe_load(text)
    except yaml.YAMLError as error:
        where = getattr(error, "problem_mark", None)
        line = f" at line {where.line + 1}" if where is not None else ""
        raise BadInput(f"{path}: not YAML{line}") from error
    section = whole.get("pfpkit") if isinstance(whole, dict) else None
    if section is None:
        return {}
    if not isinstance(section, dict):
        raise BadInput(f"{path}: pfpkit has to be a mapping, such as `pinning: {{kubo: ...}}`")
    return section
