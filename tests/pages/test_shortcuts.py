"""Every key on a page is one that a person can find among their settings, and change."""

import pytest

from console.shortcuts import BY_NAME
from tests.pages.scenes import SCENES, create_scenes
from tests.pages.tree import Node, read


def _unknown(root: Node) -> list[str]:
    """Keys on a page that the settings do not know, or know by another letter."""
    keyed = [node for node in root.walk() if "data-key" in node.attributes]
    return [
        f"{node}: {node.attributes['data-action']} by {node.attributes['data-key']}"
        for node in keyed
        if (action := BY_NAME.get(node.attributes["data-action"])) is None
        or action.key != node.attributes["data-key"]
    ]


@pytest.mark.parametrize("name", SCENES)
def test_the_keys_of_every_page_are_among_the_settings(name: str) -> None:
    root, _ = read(create_scenes().test_client().get(f"/scene/{name}").text)
    assert _unknown(root) == []


def test_a_key_that_nobody_could_change_is_seen() -> None:
    root, _ = read('<button data-key="q" data-action="hits.remove">Remove</button>')
    assert len(_unknown(root)) == 1
    root, _ = read('<button data-key="q" data-action="hits.planted">Planted</button>')
    assert len(_unknown(root)) == 1
