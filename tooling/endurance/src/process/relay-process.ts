import { Relay, type Conditions, type Place, type RelayOptions } from '../network/relay.ts';
import { serve } from '@simpledht/processes';

let relay: Relay;

serve({
  open: (options: RelayOptions) => {
    relay = new Relay(options);
    return relay.open(options.fronts);
  },
  set: (conditions: Conditions) => {
    relay.set(conditions);
  },
  move: (member: number, place: Place) => {
    relay.move(member, place);
  },
  carried: () => relay.carried,
});
