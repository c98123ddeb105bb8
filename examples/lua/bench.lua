-- SPDX-License-Identifier: MIT
-- A little of everything that a Lua program does: calls, tables, strings, sorting, errors, coroutines, collection.

local function fib(n)
  if n < 2 then return n end
  return fib(n - 1) + fib(n - 2)
end

local function words()
  local t = {}
  for i = 1, 200000 do
    t[#t + 1] = tostring(i * 7919 % 100003)
  end
  table.sort(t)
  local text, length = table.concat(t, ","), 0
  for w in text:gmatch("%d+") do
    length = length + #w
  end
  return length
end

local function errors()
  local caught = 0
  for i = 1, 2000 do
    if not pcall(error, "error " .. i) then
      caught = caught + 1
    end
  end
  return caught
end

local function generate(n)
  return coroutine.wrap(function()
    for i = 1, n do coroutine.yield(i) end
  end)
end

local sum = 0
for i in generate(20000) do sum = sum + i end
print(fib(27), words(), errors(), sum)
