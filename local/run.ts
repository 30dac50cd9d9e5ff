// npm run local -- APP: the pipeline of a CDK app on this machine.
import { LOCAL } from './demo/options';
import { runCommand } from './demo/run';

runCommand(LOCAL);
