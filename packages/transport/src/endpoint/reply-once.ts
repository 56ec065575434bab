import { tooLarge } from './errors.ts';

/** What the owner calls to answer a request: the first answer counts, and `ERR_MESSAGE_TOO_LARGE` is thrown for none at all. */
export function replyOnce(maxMessageBytes: number, send: (answer: Uint8Array) => void): (answer: Uint8Array) => void {
  let answered = false;
  return (answer) => {
    if (answer.length > maxMessageBytes) throw tooLarge(answer.length, maxMessageBytes);
    if (answered) return;
    answered = true;
    send(answer);
  };
}
