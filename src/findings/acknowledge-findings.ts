import { Aspects, CfnResource, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';
import {
  RESOURCE_FINDINGS,
  WILDCARD_FINDINGS,
  type ResourceFinding,
  type WildcardFinding,
} from './acknowledged-findings';

/** Before cdk-nag 2, an aspect of the default priority, looks at the resource. */
const PRIORITY = 200;

// What Validations.of(…).acknowledge(…) writes. Older CDKs have no such class, and it refuses some ids of cdk-nag's.
const ACKNOWLEDGED_RULES = 'aws:cdk:acknowledged-rules';

/** What is acknowledged below a construct. */
export interface AcknowledgeFindingsProps {
  /** @default - those of every construct of the library */
  readonly resources?: ResourceFinding[];
  /** @default - those of every construct of the library */
  readonly wildcards?: WildcardFinding[];
  /** Constructs of the user's within the scope: nothing of theirs is acknowledged. */
  readonly except?: IConstruct;
}

/**
 * Says to cdk-nag, cfn-lint and checkov why their findings in the library's own resources stand: in the metadata of the
 * resources, where cfn-lint, checkov and cdk-nag 2 look, and to the CDK's validations, where cdk-nag 3 looks.
 */
export function acknowledgeFindings(scope: IConstruct, props: AcknowledgeFindingsProps = {}): void {
  const { resources = RESOURCE_FINDINGS, wildcards = WILDCARD_FINDINGS, except } = props;
  const visit = (node: IConstruct) => {
    if (!CfnResource.isCfnResource(node) || (except && node.node.scopes.includes(except))) return;
    for (const { rule, reason, finding } of resources.filter(
      ({ resourceType }) => resourceType === node.cfnResourceType,
    )) {
      acknowledge(node, rule, reason, finding);
    }
    if (node instanceof iam.CfnPolicy) acknowledgeWildcards(node, wildcards);
  };
  Aspects.of(scope).add({ visit }, { priority: PRIORITY });
  // once more after references to other stacks have got their final form: cdk-nag 3 spells findings as they are then
  scope.node.addValidation({
    validate: () => {
      scope.node.findAll().forEach(visit);
      return [];
    },
  });
}

/** Acknowledges one finding of one resource; rules of cdk-nag may have several findings, told apart in brackets. */
function acknowledge(resource: CfnResource, rule: string, reason: string, finding?: string): void {
  if (rule.startsWith('CKV')) {
    addTo(resource, 'checkov', 'skip', { id: rule, comment: reason });
  } else if (rule.startsWith('AwsSolutions')) {
    addTo(resource, 'cdk_nag', 'rules_to_suppress', { id: rule, reason, ...(finding && { applies_to: [finding] }) });
    const id = finding ? `${rule}[${finding}]` : rule;
    const isKnown = resource.node.metadata.some(({ type, data }) => type === ACKNOWLEDGED_RULES && id in data);
    if (!isKnown) resource.node.addMetadata(ACKNOWLEDGED_RULES, { [id]: reason });
  } else {
    resource.addMetadata('cfn-lint', { config: { ignore_checks: [rule] } });
  }
}

/** A finding is met twice, and several triggers may share a bucket: a reason once is enough. */
function addTo(resource: CfnResource, checker: string, listName: string, entry: object): void {
  const entries: object[] = resource.getMetadata(checker)?.[listName] ?? [];
  const spelled = entries.map(other => JSON.stringify(other));
  if (!spelled.includes(JSON.stringify(entry))) resource.addMetadata(checker, { [listName]: [...entries, entry] });
}

interface Statement {
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource: unknown;
}

function acknowledgeWildcards(policy: iam.CfnPolicy, wildcards: WildcardFinding[]): void {
  const document = Stack.of(policy).resolve(policy.policyDocument) as { readonly Statement?: Statement[] };
  const allowed = (document.Statement ?? []).filter(({ Effect }) => Effect === 'Allow');
  const resourcesOf = ({ Resource }: Statement) => list(Resource).map(spell);
  for (const resource of new Set(allowed.flatMap(resourcesOf).filter(spelled => spelled.includes('*')))) {
    // one finding stands for all statements about the resource, so each has to be known
    const actions = allowed
      .filter(statement => resourcesOf(statement).includes(resource))
      .flatMap(({ Action }) => list(Action));
    const reasons = actions.map(
      action => wildcards.find(known => known.resource.test(resource) && known.actions.test(action))?.reason,
    );
    const [reason] = reasons;
    if (reason && reasons.every(known => known)) {
      acknowledge(policy, 'AwsSolutions-IAM5', reason, `Resource::${resource}`);
    }
  }
}

function list<T>(value: T | T[]): T[] {
  return Array.isArray(value) ? value : [value];
}

/** Spells a value with references as cdk-nag does in its findings. */
function spell(value: unknown): string {
  if (typeof value === 'string') return value.replace(/\$\{/g, '<').replace(/\}/g, '>');
  const {
    'Fn::Join': join,
    'Fn::Sub': sub,
    'Fn::GetAtt': attribute,
    'Fn::ImportValue': imported,
    Ref,
  } = value as Intrinsic;
  if (join) return join[1].map(spell).join(join[0]);
  if (sub !== undefined) return spell(sub);
  if (attribute) return `<${attribute.map(spell).join('.')}>`;
  if (imported !== undefined) return spell(imported);
  if (Ref) return `<${Ref}>`;
  return JSON.stringify(value);
}

interface Intrinsic {
  readonly 'Fn::Join'?: [string, unknown[]];
  readonly 'Fn::Sub'?: unknown;
  readonly 'Fn::GetAtt'?: [unknown, unknown];
  readonly 'Fn::ImportValue'?: unknown;
  readonly Ref?: string;
}
