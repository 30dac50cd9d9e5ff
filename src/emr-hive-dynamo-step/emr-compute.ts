import { type EmrInstanceFleetsOptions, InstanceFleets } from './emr-instance-fleets';

/** What the step loads with. */
export class EmrCompute {
  /**
   * A cluster of instance fleets for each run. It costs nothing between runs; it takes some minutes to start.
   *
   * @throws Error if a number is out of its bounds, there are no or too many instance types, the release is not one of EMR 7, or an option does not
   * fit another one
   */
  public static instanceFleets(options: EmrInstanceFleetsOptions): EmrCompute {
    return new EmrCompute(new InstanceFleets(options));
  }

  /** @internal */
  public readonly _fleets: InstanceFleets;

  private constructor(fleets: InstanceFleets) {
    this._fleets = fleets;
  }
}
