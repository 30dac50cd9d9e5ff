// npm run demo: the pipeline of examples/orders on this machine, end to end.
import { runDemo } from './demo/run';

// The SDK advises Node.js 22 at every start; prerequisites.ts says what is needed.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

// npm changes to the package's folder, paths are the user's
void runDemo(process.argv.slice(2), process.env.INIT_CWD ?? process.cwd());
