//! Whole answers, shape by shape.
