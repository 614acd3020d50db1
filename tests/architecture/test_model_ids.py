"""Models are data: no code knows one by its id."""

import ast
from collections.abc import Iterator
from pathlib import Path

from studio.catalog.catalogue import load_catalogue

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("workflows", "activities", "gateway", "studio", "runtime", "bench")


def known_ids() -> set[str]:
    """Every id and alias of the catalogue, and every id that a provider knows a model by."""
    models = load_catalogue().models()
    ids = {model.id for model in models}
    ids |= {alias.id for model in models for alias in model.aliases}
    ids |= {
        provider_model
        for model in models
        for offer in model.offers
        for provider_model in (offer.provider_model, *offer.provider_models.values())
        if provider_model is not None
    }
    return ids


def literals(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_no_code_names_a_model() -> None:
    ids = known_ids()
    named = {
        str(path.relative_to(ROOT)): sorted(found)
        for folder in PACKAGES
        for path in (ROOT / folder).rglob("*.py")
        if (found := ids.intersection(literals(path)))
    }
    assert named == {}
