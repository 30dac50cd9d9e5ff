/** Which launch of a step, within its run: the first of an attempt, or one that follows a lack of capacity. */
export interface LaunchName {
  readonly attempt: number;
  readonly relaunch: number;
}

/** Whether a launch came before another one of its run. */
export function isBefore(launch: LaunchName, other: LaunchName): boolean {
  return launch.attempt < other.attempt || (launch.attempt === other.attempt && launch.relaunch < other.relaunch);
}

export function isSameLaunch(launch: LaunchName, other: LaunchName): boolean {
  return launch.attempt === other.attempt && launch.relaunch === other.relaunch;
}
