//! Keys never leave: what looks like one is blotted out of any text (`wire.md` §10.4).
