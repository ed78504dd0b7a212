# The most instructions that run with the interrupts masked, on any way through an image that `llvm-objdump -d` has
# disassembled: prints their number, 0 where nothing masks them. On Cortex-M without compare-and-swap portable-atomic
# masks by `cpsid i` and restores by `msr primask`; on RISC-V by `csrrci` and `csrs` of mstatus.
# What it cannot follow (a call, a return, a loop) is an error: there may be no such thing in between.

/^ *[0-9a-f]+:[ \t]/ {
  address = $1
  sub(/:$/, "", address)
  at[address] = count
  text[count] = $0
  sub(/^ *[0-9a-f]+:[ \t]+/, "", text[count])
  target[count] = ""
  if (match(text[count], /0x[0-9a-f]+ +</)) target[count] = substr(text[count], RSTART + 2, RLENGTH - 3)
  sub(/ +$/, "", target[count])
  count++
}

function masks(i) { return text[i] ~ /^cpsid[ \t]+i/ || text[i] ~ /^csrrci[ \t].*mstatus, (0x)?8/ }
function restores(i) { return text[i] ~ /^(msr[ \t]+primask|csrs[ \t]+mstatus|cpsie[ \t]+i)/ }
function jumps(i) { return text[i] ~ /^(b|b\.n|b\.w|j)[ \t]/ }
function branches(i) { return target[i] != "" && text[i] ~ /^b[a-z]+[ \t]/ && text[i] !~ /^(bl|blx|bx)[ \t]/ }
function leaves(i) { return text[i] ~ /^(bl|blx|bx|pop.*pc|jal|jalr|jr|ret|svc|ecall)([ \t]|$)/ }

function stop(why, i) {
  printf "masked.awk: %s at '%s'\n", why, text[i] > "/dev/stderr"
  failed = 1
  exit 1
}

# The most instructions from `i` on until the interrupts are as before, that last one included.
function longest(i, depth,    most, other) {
  if (!(i in text) || depth > 100) stop("no end of a masked section", i)
  if (restores(i)) return 1
  if (leaves(i)) stop("a masked section leaves its function", i)
  if (jumps(i)) return 1 + longest(at[target[i]], depth + 1)
  most = longest(i + 1, depth + 1)
  if (branches(i)) {
    other = longest(at[target[i]], depth + 1)
    if (other > most) most = other
  }
  return 1 + most
}

END {
  if (failed) exit 1
  if (!count) stop("no instructions", 0)
  for (i = 0; i < count; i++) {
    if (!masks(i)) continue
    length_here = longest(i + 1, 0)
    if (length_here > worst) worst = length_here
  }
  print worst + 0
}
