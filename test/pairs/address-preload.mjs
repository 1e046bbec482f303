// For NODE_OPTIONS=--import: connections of this process come from the loopback address in PAIRS_ADDRESS, so that a server can tell it
// from another process of the same program.
import net from 'node:net';

const localAddress = process.env.PAIRS_ADDRESS;
const { connect } = net.Socket.prototype;

net.Socket.prototype.connect = function (...args) {
  // `net.connect` hands on its arguments in a list that it has normalized: the options are the first of it.
  const options = Array.isArray(args[0]) ? args[0][0] : args[0];
  if (typeof options === 'object' && options?.port !== undefined) options.localAddress = localAddress;
  return connect.apply(this, args);
};
