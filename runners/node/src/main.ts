// The Node runner: dials the core that started it and lives as long as the connection.

import { realpathSync } from 'node:fs';
import { type ChannelOptions, credentials, Metadata } from '@grpc/grpc-js';
import { RunnerLinkClient } from './_gen/runtime/runner/v1/runner.js';
import { Link } from './link.js';
import { Modules } from './modules.js';

/** Bytes of the largest frame, either way; the protocol's own bounds keep frames far below. */
const MAX_FRAME_BYTES = 8 << 20;
/** Bytes that the core may send ahead of our reading: hundreds of requests with their bodies, and few enough chunks of
 * long ones that what comes behind them is not late. */
const READ_AHEAD_BYTES = 1 << 19;
const CHANNEL: ChannelOptions = {
  'grpc.max_receive_message_length': MAX_FRAME_BYTES,
  'grpc.max_send_message_length': MAX_FRAME_BYTES,
  'grpc-node.flow_control_window': READ_AHEAD_BYTES,
  'grpc.enable_http_proxy': 0,
  'grpc.enable_retries': 0,
  'grpc.service_config_disable_resolution': 1,
};

interface Environment {
  address: string;
  secret: string;
  root: string;
  cacheDir: string;
}

/** Takes our variables out of the environment, so that user code and its children do not see them. */
function takeEnvironment(): Environment {
  const take = (name: string): string => {
    const value = process.env[name] ?? '';
    delete process.env[name];
    return value;
  };
  const environment = {
    address: take('RUNTIME_ADDRESS'),
    secret: take('RUNTIME_SECRET'),
    root: take('RUNTIME_PROJECT_ROOT'),
    cacheDir: take('RUNTIME_CACHE_DIR'),
  };
  take('RUNTIME_GENERATION');
  if (environment.address && environment.root) return environment;
  throw new Error('RUNTIME_ADDRESS and RUNTIME_PROJECT_ROOT must be set; the core does so when it starts a runner');
}

async function main(): Promise<number> {
  const { address, secret, root: givenRoot, cacheDir } = takeEnvironment();
  // Ctrl-C reaches every process of the terminal; it is the core that says when a runner stops.
  process.on('SIGINT', () => undefined);
  const root = realpathSync(givenRoot);
  const modules = new Modules({ root, sdk: __dirname, cacheDir });
  const metadata = new Metadata();
  metadata.set('runtime-secret', secret);
  const client = new RunnerLinkClient(address, credentials.createInsecure(), CHANNEL);
  const link = new Link(client.connect(metadata), modules, root);
  const { code, fault } = await link.ended;
  if (fault !== undefined) process.stderr.write(`runtime runner (node): ${fault}\n`);
  return code;
}

/** The process's own, before user code finds one that it is refused. */
const exit = process.exit.bind(process);

main().then(
  (code) => exit(code),
  (error: unknown) => {
    process.stderr.write(`runtime runner (node) cannot start: ${String(error)}\n`);
    exit(1);
  },
);
