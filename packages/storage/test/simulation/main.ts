import { runClasses } from './classes.ts';
import { classOf, explain, StoreRun } from './store-run.ts';
const [, , name, from = '1', count = '200'] = process.argv;
for (const kind of name === 'all' ? runClasses : [classOf(0, [name ?? 'classic'])]) {
  const t = performance.now();
  const bad = new Map<string, number[]>();
  let purged=0, acked=0, ops=0, late=0, reps=0, relayed=0;
  for (let seed = +from; seed < +from + +count; seed++) {
    try { const y=new StoreRun(seed, kind, {keepsTombstones: process.env['KEEP'] === '1'}).run(); purged+=y.purged;acked+=y.acknowledged;ops+=y.operations;late+=y.late;relayed+=y.relayed;reps+=y.repairs } catch (error) {
      const what = (error as { invariant?: string }).invariant ?? String((error as Error).stack).slice(0,300);
      bad.set(what, [...(bad.get(what) ?? []), seed]);
    }
  }
  console.log(kind.name.padEnd(10), (+count / (performance.now() - t) * 1000).toFixed(0), 'seeds/s', JSON.stringify({ops,acked,purged,late,reps,relayed}), [...bad].map(([w, s]) => `${w}: ${s.length} (${s.slice(0, 5)})`).join(' | '));
}
if (process.env['EXPLAIN']) console.log(explain(+from, classOf(0, [name!]), {keepsTombstones: process.env['KEEP'] === '1'}, Number(process.env['EXPLAIN'])));
