module m
contains
  integer function twice(x)
    integer, intent(in) :: x
    twice = 2*x
  end function
  recursive subroutine rec(n)
    integer, intent(in) :: n
    if (n > 0) call rec(n-1)
  end subroutine
end module
program p
  use m
  integer :: a
  a = twice(3)
  call rec(5)
  call inner(a)
  print *, a
contains
  subroutine inner(x)
    integer :: x
    x = x + 1
  end subroutine
end program
