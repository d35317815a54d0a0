//! The simulator over real TCP, as its users meet it.

// `cfg(test)` is what tells clippy that helpers outside of test functions may unwrap.
#[cfg(test)]
mod answer;
#[cfg(test)]
mod bed;
#[cfg(test)]
mod fault;
#[cfg(test)]
mod junk;
#[cfg(test)]
mod quota;
#[cfg(test)]
mod replay;
#[cfg(test)]
mod tool;
