//! Sources at their places, whatever they are counted in.
