/** The fields of Node's and the SDK's errors that say where a connection failed. */
export interface NetworkError extends Error {
  readonly code?: string;
  /** Of a name that is not found. */
  readonly hostname?: string;
}

const NAMES = new Set(['ENOTFOUND', 'EAI_AGAIN']);
const ROUTES = new Set(['EHOSTUNREACH', 'ENETUNREACH']);

/**
 * What keeps a connection to the warehouse from being made, and what to look at; undefined for other errors.
 *
 * @param port the warehouse's
 */
export function unreachable(cause: NetworkError, port: number): string | undefined {
  const code = cause.code ?? '';
  if (NAMES.has(code)) {
    return (
      `name resolution: ${cause.message}. Check the host name, and that the task's VPC has DNS support and DNS host ` +
      'names enabled and resolves private names of another VPC, if the warehouse is in one.'
    );
  }
  if (ROUTES.has(code)) {
    return (
      `route: ${cause.message}. Give the task's subnets a route to the warehouse's (same VPC, peering or transit ` +
      'gateway), and the other way round.'
    );
  }
  if (code === 'ECONNREFUSED') {
    return `port: ${cause.message}. The host answers, and nothing listens at port ${port}: check the port.`;
  }
  // a packet that a security group refuses is dropped without a word
  if (code === 'ETIMEDOUT' || cause.message === 'timeout expired') {
    return (
      `security group, most likely: ${cause.message}. Let the warehouse's security group admit port ${port} from ` +
      "the task's (`securityGroups` of the warehouse, or `connections` of the step). Then look at network ACLs, at " +
      'routes between the subnets, and whether the warehouse is paused.'
    );
  }
  return undefined;
}

/** The same for the services of AWS that are asked for endpoint and login. */
export function awsUnreachable(cause: NetworkError): string | undefined {
  if (![...NAMES, ...ROUTES, 'ECONNREFUSED', 'ETIMEDOUT'].includes(cause.code ?? '') && cause.name !== 'TimeoutError') {
    return undefined;
  }
  return (
    `AWS cannot be asked for the warehouse's endpoint and login (${cause.message}). Give the task's subnets a NAT ` +
    'gateway, or VPC endpoints with private DNS names for secretsmanager, and for redshift-serverless or redshift.'
  );
}
