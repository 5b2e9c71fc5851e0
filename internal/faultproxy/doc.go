// Package faultproxy is a TCP proxy for tests that does to a connection what
// networks do: it cuts it at a chosen byte or moment, lets it fall silent, slows
// it down, or refuses it.
//
// [Start] puts it in front of a server until the test ends; [Proxy.Addr] is where
// clients connect.
package faultproxy
