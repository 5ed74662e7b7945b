"""reload/tree: what is looked at in a project that holds what this user may not see."""

from __future__ import annotations

from runtime.reload.tree import Tree
from tests.unit.closed import closed_folder


def test_a_folder_that_may_not_be_entered_is_no_part_of_the_project() -> None:
    with closed_folder("data") as root:
        tree = Tree(root, ["data/named"])
        assert tree.look() == frozenset()
        assert not Tree(root, []).is_folder("data")
        assert not Tree(root, []).is_folder("data/inner")
