import { constants } from 'os';
import { explain } from './explain';
import type { Narrator } from './narrator';
import { whenLauncherIsGone } from './parents';
import type { Started } from './started';

/** What is not stopped in this time is left to the guardian of local/processes, which ends it the hard way. */
const STOP_WITHIN_SECONDS = 15;

/**
 * A terminal's Ctrl-C comes more than once: to the whole process group, and again from npm or tsx, which hand it on.
 */
const IMPATIENT_AFTER_MILLISECONDS = 1000;

/** Sees to it that nothing outlives the demo, however it ends. */
export class Lifetime {
  private ending?: Promise<never>;
  private firstSignal = Infinity;
  /** Ctrl-C breaks off a demo that is under way; one that only waits for it ends with the outcome that it had. */
  private exitCodeOfSignals?: number;

  constructor(
    private readonly narrator: Narrator,
    private readonly started: Started,
  ) {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        const exitCode = this.exitCodeOfSignals ?? 128 + constants.signals[signal];
        // whoever asks twice does not want to wait
        if (Date.now() - this.firstSignal > IMPATIENT_AFTER_MILLISECONDS) process.exit(exitCode);
        this.firstSignal = Math.min(this.firstSignal, Date.now());
        void this.end(exitCode, `${signal} received`);
      });
    }
    for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
      process.on(event, (error: unknown) => {
        void this.fail(error);
      });
    }
    process.stdout.on('error', () => {
      void this.end(1, 'nobody reads the output any more');
    });
    whenLauncherIsGone(() => {
      void this.end(1, 'what started the demo was killed');
    });
  }

  public waitForSignal(exitCode: number): void {
    this.exitCodeOfSignals = exitCode;
  }

  /**
   * Ends with an error, unless the demo is ending already: then it is only about something that is not there any more.
   */
  public async fail(error: unknown): Promise<never> {
    return this.end(1, explain(error));
  }

  /** Stops everything and ends this process. */
  public async end(exitCode: number, why?: string): Promise<never> {
    this.ending ??= this.stopAndExit(exitCode, why);
    return this.ending;
  }

  private async stopAndExit(exitCode: number, why?: string): Promise<never> {
    if (why) this.narrator.say(why);
    setTimeout(() => process.exit(exitCode), STOP_WITHIN_SECONDS * 1000);
    await this.narrator.during('stopping everything', () => this.started.stopAll());
    process.exit(exitCode);
  }
}
