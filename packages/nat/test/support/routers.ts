import type { Mapping, MappingRequest, PortMapper } from '../../src/index.ts';

/** A router that does as it is told, and remembers. */
export class FakeRouter implements PortMapper {
  readonly asked: MappingRequest[] = [];
  removed = 0;
  /** What the next tries bring; `undefined` never answers. */
  answer: () => Partial<Mapping> | Error | undefined = () => ({});
  removal: () => Promise<void> = () => Promise.resolve();

  map(request: MappingRequest): Promise<Mapping> {
    this.asked.push(request);
    const answer = this.answer();
    if (answer === undefined) return new Promise(() => undefined);
    if (answer instanceof Error) return Promise.reject(answer);
    const remove = (): Promise<void> => {
      this.removed++;
      return this.removal();
    };
    return Promise.resolve({ externalHost: '9.9.9.9', externalPort: 5000, via: 'fake', remove, ...answer });
  }
}
