import { loadGrants } from './contract';

export interface GrantStatementsProps {
  readonly roleName: string;
  readonly database: string;
  readonly schema: string;
  readonly table: string;
}

/** SQL that lets the role's database user load, for somebody who runs it once as an administrator. */
export function grantStatements({ roleName, ...target }: GrantStatementsProps): string {
  // https://docs.aws.amazon.com/redshift/latest/APIReference/API_GetClusterCredentialsWithIAM.html: a role is IAMR:<name>
  const user = `IAMR:${roleName}`;
  const { first, tables } = loadGrants({ ...target, user });
  return [
    `CREATE USER "${user}" PASSWORD DISABLE; -- unless it has logged in before`,
    ...first,
    `${tables} -- for those that are there already`,
  ].join('\n');
}
