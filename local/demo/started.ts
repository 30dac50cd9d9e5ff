/** Something that runs until it is stopped. */
export interface Stoppable {
  stop(): Promise<void>;
}

/** What the demo has started so far: stopped in reverse order, however the demo ends. */
export class Started {
  private readonly running: Array<{ name: string; thing: Stoppable }> = [];
  private stopping = false;

  constructor(private readonly onFailure: (message: string) => void) {}

  /** Remembers what has just been started. If everything is being stopped already, it is stopped at once. */
  public async add<Thing extends Stoppable>(name: string, thing: Thing): Promise<Thing> {
    this.running.push({ name, thing });
    if (this.stopping) await this.stopAll();
    return thing;
  }

  /** What cannot be stopped is told, and does not keep the others from being stopped. */
  public async stopAll(): Promise<void> {
    this.stopping = true;
    for (let next = this.running.pop(); next; next = this.running.pop()) {
      try {
        await next.thing.stop();
      } catch (error) {
        this.onFailure(`${next.name} could not be stopped: ${(error as Error).message}`);
      }
    }
  }
}
