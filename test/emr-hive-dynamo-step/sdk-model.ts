import * as emr from '@aws-sdk/client-emr';

/** Schemas as the SDK ships them (@smithy/core/schema): kinds, and the types that need no schema of their own. */
const KIND = { list: 1, map: 2, structure: 3 };
const SIMPLE: Record<number, string> = { 0: 'string', 1: 'number', 2: 'boolean' };
const LIST = 64;
const MAP = 128;

/** Members whose values are one of a few: the model's schemas do not say so, but the SDK exports the values. */
const ENUMS: Record<string, object> = {
  ActionOnFailure: emr.ActionOnFailure,
  InstanceFleetType: emr.InstanceFleetType,
  TimeoutAction: emr.SpotProvisioningTimeoutAction,
  UnitType: emr.ComputeLimitsUnitType,
  ScaleDownBehavior: emr.ScaleDownBehavior,
};
const ALLOCATION: Record<string, object> = {
  OnDemandSpecification: emr.OnDemandProvisioningAllocationStrategy,
  SpotSpecification: emr.SpotProvisioningAllocationStrategy,
};

/**
 * What the SDK's own model has against a value: unknown and missing members, values of another type or none of the
 * allowed ones.
 */
export function violations(schema: unknown, value: unknown, path: string): string[] {
  if (typeof schema === 'function') return violations(schema(), value, path);
  if (typeof schema === 'number') {
    if (schema >= MAP) {
      return entries(value, path, isObject(value)).flatMap(([key, item]) =>
        violations(schema - MAP, item, `${path}.${key}`),
      );
    }
    if (schema >= LIST) {
      return entries(value, path, Array.isArray(value)).flatMap(([key, item]) =>
        violations(schema - LIST, item, `${path}[${key}]`),
      );
    }
    return typeof value === SIMPLE[schema] ? [] : [`${path} must be a ${SIMPLE[schema]}, got ${JSON.stringify(value)}`];
  }
  const [kind, , , , members, types, required] = schema as [
    number,
    string,
    string,
    unknown,
    string[] | unknown,
    unknown[],
    number,
  ];
  if (kind === KIND.list) {
    return entries(value, path, Array.isArray(value)).flatMap(([key, item]) =>
      violations(members, item, `${path}[${key}]`),
    );
  }
  if (kind !== KIND.structure) throw new Error(`${path}: schemas of kind ${kind} are not known here`);
  return structureViolations(members as string[], types, required, value, path);
}

function structureViolations(
  members: string[],
  types: unknown[],
  required: number,
  value: unknown,
  path: string,
): string[] {
  if (!isObject(value)) return [`${path} must be an object, got ${JSON.stringify(value)}`];
  const present = Object.entries(value).filter(([, item]) => item !== undefined);
  const missing = members
    .slice(0, required ?? 0)
    .filter(name => !present.some(([key]) => key === name))
    .map(name => `${path}.${name} is required`);
  return [
    ...missing,
    ...present.flatMap(([key, item]) => {
      const index = members.indexOf(key);
      if (index < 0) return [`${path}.${key} is not known`];
      const values = key === 'AllocationStrategy' ? ALLOCATION[path.split('.').at(-1)!] : ENUMS[key];
      if (values && !Object.values(values).includes(item)) {
        return [`${path}.${key} must be one of ${Object.values(values).join(', ')}, got ${item}`];
      }
      return violations(types[index], item, `${path}.${key}`);
    }),
  ];
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** No entries of a value of the wrong shape: it is reported where it is a violation of its own. */
function entries(value: unknown, path: string, fits: boolean): [string, unknown][] {
  if (!fits) throw new Error(`${path} has the wrong shape: ${JSON.stringify(value)}`);
  return Object.entries(value as object);
}
