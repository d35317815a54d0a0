/** The time, once a second, for countdowns; set right by what the gateway says its time is. */
class Now {
  ms = $state(Date.now());
  #ahead = 0;

  constructor() {
    setInterval(() => (this.ms = Date.now() + this.#ahead), 1000);
  }

  /** Learns the gateway's time from an answer. */
  hear(at: string): void {
    const theirs = Date.parse(at);
    if (Number.isFinite(theirs)) this.#ahead = theirs - Date.now();
  }
}

export const now = new Now();
