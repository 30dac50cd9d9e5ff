// npm run demo: the pipeline of examples/orders on this machine, end to end.
import { DEMO } from './demo/options';
import { runCommand } from './demo/run';

runCommand(DEMO);
