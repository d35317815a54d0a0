//! The simulator over real TCP, as its users meet it.

mod answer;
mod bed;
mod fault;
mod quota;
mod replay;
mod tool;
