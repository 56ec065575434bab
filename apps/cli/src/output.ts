import { once } from 'node:events';
import pc from 'picocolors';

/** One function per colour. */
export type Colors = ReturnType<typeof pc.createColors>;

/** Where text goes; `process.stdout` and `process.stderr` fit. */
export type Sink = NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };

/** Takes the line away again that carries the status. */
const eraseLine = '\r\u001B[2K';

const defaultColumns = 80;

/**
 * The two streams of a command: answers and data on standard output, words for people on standard error. On a terminal
 * a status line may stay at the bottom; on anything else it does not exist.
 */
export class Output {
  /** Colours of answers; they do nothing on a pipe or under NO_COLOR. */
  readonly paint: Colors;
  /** Colours of words. */
  readonly paintWords: Colors;
  /** People read the answers: standard output is a terminal. */
  readonly isTerminal: boolean;
  /** Answers reach nobody any more: the reader has gone (`simpledht list | head`), or writing failed. */
  closed = false;
  readonly #answers: Sink;
  readonly #words: Sink;
  #status = '';
  #failure: Error | undefined;

  constructor(answers: Sink, words: Sink, environment: NodeJS.ProcessEnv = process.env) {
    this.#answers = answers;
    this.#words = words;
    this.isTerminal = answers.isTTY === true;
    this.paint = pc.createColors(wantsColour(answers, environment));
    this.paintWords = pc.createColors(wantsColour(words, environment));
    answers.on('error', (error: Error) => {
      this.#note(error);
    });
    // Nobody reads the words: the answers still count.
    words.on('error', () => undefined);
  }

  /** One line that answers the call. */
  answer(line: string): void {
    this.#aroundStatus(() => this.#answers.write(`${line}\n`));
  }

  /** One object as one line of JSON. */
  json(object: object): void {
    this.answer(JSON.stringify(object));
  }

  /** Exactly these bytes or this text on standard output; settles when there is room for more. */
  async data(chunk: Uint8Array | string): Promise<void> {
    if (this.closed || this.#answers.write(chunk)) return;
    const settled = new AbortController();
    const { signal } = settled;
    try {
      await Promise.race([once(this.#answers, 'drain', { signal }), once(this.#answers, 'close', { signal })]);
    } catch {
      // An error of the stream; its listener has noted it.
    } finally {
      settled.abort();
    }
  }

  /** A line for people: hints, progress, errors. */
  say(line: string): void {
    this.#aroundStatus(() => this.#words.write(`${line}\n`));
  }

  /** Text as it is, for what the command line parser prints. */
  write(text: string, to: 'answers' | 'words'): void {
    (to === 'answers' ? this.#answers : this.#words).write(text);
  }

  /** Settles when the answers are written: with the error if they could not be. A reader that went away is none. */
  async written(): Promise<Error | undefined> {
    await new Promise<void>((resolve) => {
      this.#answers.write('', (error) => {
        // Here sooner than at the listener, as a stream tells its errors.
        if (error) this.#note(error);
        resolve();
      });
    });
    return this.#failure;
  }

  /** Replaces the status line; '' takes it away. It is cut to the width of the terminal: only one line can be erased. */
  setStatus(text: string): void {
    if (!this.isTerminal || this.#words.isTTY !== true) return;
    const { columns = 0 } = this.#words;
    // 0 is what a terminal tells that does not know its width.
    const status = this.paintWords.dim(text.slice(0, (columns > 0 ? columns : defaultColumns) - 1));
    if (status === this.#status) return;
    this.#status = text === '' ? '' : status;
    this.#words.write(eraseLine + this.#status);
  }

  /**
   * Text that came over the network or from a user, safe to show: on a terminal control characters would move the
   * cursor or worse, so they are written as escapes there; pipes and files get the text as it is.
   */
  shown(text: string): string {
    return this.isTerminal ? escapeControls(text, /[\p{Cc}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu) : text;
  }

  /** The first error counts: the stream is destroyed by it, which is an error of its own at each later write. */
  #note(error: NodeJS.ErrnoException): void {
    if (this.closed) return;
    this.closed = true;
    if (error.code !== 'EPIPE') this.#failure = error;
  }

  #aroundStatus(write: () => void): void {
    if (this.#status === '') {
      write();
      return;
    }
    this.#words.write(eraseLine);
    write();
    this.#words.write(this.#status);
  }
}

/** Text that keeps to one line, wherever it goes. */
export function oneLine(text: string): string {
  return escapeControls(text, /\p{Cc}/gu, '');
}

function escapeControls(text: string, pattern: RegExp, kept = '\n\t'): string {
  return text.replace(pattern, (character) => (kept.includes(character) ? character : escapeOf(character)));
}

function escapeOf(character: string): string {
  const quoted = JSON.stringify(character).slice(1, -1);
  return quoted === character ? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}` : quoted;
}

/** no-color.org: any non-empty NO_COLOR switches colour off. */
function wantsColour(sink: Sink, { NO_COLOR: noColour, TERM: terminal }: NodeJS.ProcessEnv): boolean {
  return sink.isTTY === true && (noColour ?? '') === '' && terminal !== 'dumb';
}
