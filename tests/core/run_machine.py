"""Scratch: run the machine with plain random, print the first failures by kind."""
import collections
import random
import sys
import time
import traceback

sys.path.insert(0, "/work/main/tests/core")
import hostile
from core_machine import EVALUATORS, HouseMachine

fails = collections.Counter(); ex = {}
t0=time.time()
a,b,n = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
for seed in range(a,b):
    rng = random.Random(seed)
    m = HouseMachine()
    trace=[]
    try:
        m.begin(rng.random()<.8, rng.choice(EVALUATORS), rng.random()<.7)
        for _ in range(n):
            x = rng.random()
            if x<.08: m.floor.now += rng.randrange(90)*10**6; trace.append("later")
            elif x<.12:
                mm=rng.choice((2,5,12,45,300,1500,6000)); trace.append(f"much later {mm}"); m.much_later(mm)
            elif x<.13: m.other_rules_are_loaded(rng.choice(EVALUATORS)); trace.append("rules")
            elif x<.14: trace.append("restart"); m.restart()
            else:
                g = rng.choice(sorted(hostile.GROUPS))
                cmd = hostile.command(rng, m.floor.state, m.floor.now, g)
                trace.append(cmd); m.step(*cmd)
        trace.append("teardown"); m.teardown()
    except Exception as e:
        tb = traceback.extract_tb(e.__traceback__)
        k = (type(e).__name__, str([f"{f.name}:{f.lineno}" for f in tb][-2:]), str(e)[:60] if not isinstance(e, AssertionError) else "")
        fails[k]+=1
        if k not in ex or len(ex[k][1])>len(trace): ex[k]=(seed, trace, e)
print(round(time.time()-t0,1),"s; failures", sum(fails.values()), "of", b-a)
for k,v in fails.most_common(14):
    seed, trace, e = ex[k]
    print(v, k, "seed", seed, "steps", len(trace)); print("     ", str(e)[:700].replace("\n"," "))

    for t in trace[-int(sys.argv[4]) if len(sys.argv)>4 else -1:]: print("        ", t if not isinstance(t, tuple) else (t[0].role, t[1], t[2]))
