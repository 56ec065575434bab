import { PassThrough, type Readable } from 'node:stream';
import { Output, type Sink } from '../../src/output.ts';
import { run } from '../../src/program.ts';

export interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A stream that keeps what is written to it. */
export class Capture {
  readonly sink: Sink;
  readonly #chunks: Buffer[] = [];

  constructor(isTerminal = false) {
    const stream: Readable & Sink = Object.assign(new PassThrough(), { isTTY: isTerminal });
    stream.on('data', (chunk: Buffer) => this.#chunks.push(chunk));
    this.sink = stream;
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  get text(): string {
    return this.bytes.toString();
  }
}

/** One command line in this process: fast, for everything that needs no process of its own. */
export async function simpledht(...argv: readonly string[]): Promise<Outcome> {
  const answers = new Capture();
  const words = new Capture();
  const exitCode = await run(argv, new Output(answers.sink, words.sink, {}));
  return { exitCode, stdout: answers.text, stderr: words.text };
}

/** The one JSON object that a call printed. */
export function parsed({ stdout }: Outcome): unknown {
  return JSON.parse(stdout);
}
