package main

import "context"

func bombs(context.Context, plan, *tally) error    { return nil }
func framing(context.Context, plan, *tally) error  { return nil }
func keys(context.Context, plan, *tally) error     { return nil }
func kills(context.Context, plan, *tally) error    { return nil }
func fullDisk(context.Context, plan, *tally) error { return nil }
