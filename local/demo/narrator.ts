/** Longest silence while something takes time. */
const SILENCE_SECONDS = 10;

/** Tells the user what happens, with the seconds since the start in front of each line. */
export class Narrator {
  private readonly started = Date.now();
  private readonly waiting = new Map<string, { since: number; now: () => string }>();
  private lastLine = Date.now();
  private timer?: NodeJS.Timeout;

  constructor(private readonly write: (line: string) => void = line => process.stdout.write(`${line}\n`)) {}

  /** Seconds since the demo began. */
  public get seconds(): number {
    return (Date.now() - this.started) / 1000;
  }

  public say(text: string): void {
    this.lastLine = Date.now();
    const stamp = this.seconds.toFixed(1).padStart(6);
    for (const line of printable(text).split('\n')) this.write(`[${stamp} s] ${line}`);
  }

  /** Text that belongs to no moment: tables, the summary. */
  public show(text: string): void {
    this.lastLine = Date.now();
    this.write(text);
  }

  /** Says that something begins and how long it took, and now and then that it still goes on. */
  public async during<T>(what: string, work: () => Promise<T>): Promise<T> {
    const began = Date.now();
    this.say(`${what} …`);
    this.await(what);
    try {
      const result = await work();
      this.say(`${what}: done in ${((Date.now() - began) / 1000).toFixed(1)} s`);
      return result;
    } finally {
      this.awaited(what);
    }
  }

  /**
   * From now on, silence is broken by saying that this is still awaited.
   * @param now what is being done at that moment; nothing if that is not known
   */
  public await(what: string, now: () => string = () => ''): void {
    this.waiting.set(what, { since: Date.now(), now });
    this.timer ??= setInterval(() => this.breakSilence(), 1000);
  }

  public awaited(what: string): void {
    this.waiting.delete(what);
    if (this.waiting.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private breakSilence(): void {
    const now = Date.now();
    if (now - this.lastLine < SILENCE_SECONDS * 1000 - 500) return;
    const all = [...this.waiting].map(([what, awaited]) => {
      const doing = awaited.now();
      return `${what}${doing && `, ${doing}`} (${Math.round((now - awaited.since) / 1000)} s so far)`;
    });
    this.say(`still going on: ${all.join(', ')}`);
  }
}

/** File names and values may hold control characters, and a terminal would obey them. */
export function printable(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(
    /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
