"""Values for the tests of PROTOCOL.md, section 8."""

from __future__ import annotations

from hypothesis import strategies as st

# A JavaScript engine moves keys that look like numbers to the front of an object, so those are left out
# here: the order of keys is compared.
_keys = st.text(max_size=12).filter(lambda key: not key.isdecimal())
_scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats().filter(lambda number: not number.is_integer())
    | st.text()
    | st.binary()
)
any_value = st.recursive(_scalars, lambda inner: st.lists(inner) | st.dictionaries(_keys, inner), max_leaves=20)
"""Any value that crosses the wire and comes back in the same bytes."""
