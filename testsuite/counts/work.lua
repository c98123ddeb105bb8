-- SPDX-License-Identifier: MIT
-- Work for a measured lua: calls, closures, strings, tables, metatables, coroutines, errors that unwind (longjmp), the collector.
local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end
print(fib(18))

local words = {}
for word in ("the quick brown fox jumps over the lazy dog "):rep(50):gmatch("%a+") do
  words[word] = (words[word] or 0) + 1
end
local names = {}
for name in pairs(words) do names[#names + 1] = name end
table.sort(names)
for _, name in ipairs(names) do io.write(name, "=", words[name], " ") end
print()
table.sort(names, function(a, b) return words[a] > words[b] or (words[a] == words[b] and a < b) end)
print(table.concat(names, ","))

local Account = setmetatable({}, { __call = function(class, n) return setmetatable({ n = n }, class) end })
Account.__index = Account
Account.__add = function(a, b) return Account(a.n + b.n) end
Account.__lt = function(a, b) return a.n < b.n end
Account.__close = function(a) io.write("closed ", a.n, "\n") end
Account.__gc = function() end
function Account:put(n) if n < 0 then error({ code = n }) end self.n = self.n + n end
local sum = Account(0)
for i = 1, 200 do sum = sum + Account(i) end
print(sum.n, Account(1) < Account(2))

-- Errors through C and Lua frames, in and out of coroutines.
local caught = 0
for i = -50, 50 do
  local ok, e = pcall(Account.put, sum, i)
  if not ok then caught = caught + 1 assert(e.code == i) end
end
print(caught, select(2, pcall(string.rep)), xpcall(error, function(m) return "handled " .. tostring(m) end, "x"))
local generator = coroutine.wrap(function()
  for i = 1, 100 do
    local ok = pcall(function() coroutine.yield(i) if i % 7 == 0 then error("seven") end end)
    if not ok then coroutine.yield("caught") end
  end
end)
local seen = 0
for value in generator do if value == "caught" then seen = seen + 1 end end
print(seen)
local dead = coroutine.create(function() local a <close> = Account(7) error("in coroutine") end)
print(coroutine.resume(dead))
print(coroutine.close(coroutine.create(function() end)))
local function deep(n) return n == 0 and 0 or 1 + deep(n - 1) end
print(pcall(deep, 1e7) == false, deep(10000))
print(select(2, load("return +")))
print(string.format("%5.2f|%q|%-8s|%x", math.pi, "a\nb", "left", 255), ("%d+"):len(), utf8.char(228, 8364), #string.pack("i4z", 7, "x"))
for i = 1, 20 do local t = {} for j = 1, 500 do t[j] = { j, tostring(j) } end collectgarbage("step") end
collectgarbage("generational")
for i = 1, 20 do local t = {} for j = 1, 500 do t[j] = function() return j + i end end end
collectgarbage()
print(math.tointeger(3.0), 7 // 2, 7 % -3, 1 << 4, "10" + 5, 2 ^ 10)
goto done
print("not here")
::done::
