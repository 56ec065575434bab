import { Child } from './child.ts';
import type { MemberOptions } from './roles/member.ts';

/** `size` members, each in a process of its own, all knowing all. */
export async function startCluster(
  size: number,
  { core, ...options }: Omit<MemberOptions, 'bootstrap'> & { readonly core?: number } = {},
): Promise<{ members: Child[]; address: string; port: number }> {
  const members: Child[] = [];
  let address = '';
  for (let i = 0; i < size; i++) {
    const member = new Child('member', core);
    members.push(member);
    const own = await member.call<string>('start', { ...options, bootstrap: i === 0 ? [] : [address] });
    if (i === 0) address = own;
  }
  for (const member of members) {
    const deadline = performance.now() + 10_000;
    while ((await member.call<number>('alive')) < size) {
      if (performance.now() > deadline) throw new Error('the cluster did not form within 10 s');
    }
  }
  return { members, address, port: Number(address.split(':').at(-1)) };
}
