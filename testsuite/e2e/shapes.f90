! SPDX-License-Identifier: MIT
module numbers
contains
  recursive function fib(n) result(r)
    integer, intent(in) :: n
    integer :: r
    if (n < 2) then
      r = n
      return
    end if
    r = fib(n - 1) + fib(n - 2)
  end function fib

  subroutine fill(a)
    real, intent(out) :: a(:)
    integer :: i
    do i = 1, size(a)
      a(i) = real(i)
    end do
  end subroutine fill
end module numbers

program shapes
  use numbers
  real :: a(100)
  integer :: i
  do i = 1, 5
    call fill(a)
  end do
  print *, fib(10), sum(a)
end program shapes
