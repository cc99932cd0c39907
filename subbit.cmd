@echo off
rem Runs Subbit's command line on Windows; builds its Java part first where there is none yet.
rem
rem   SUBBIT_JAVA_OPTS   more options for the JVM, separated by spaces
rem   SUBBIT_DEBUG=1     stack traces on errors
rem
rem The native code for Windows is built on Linux, where mvnw package makes it for all platforms. A build made here is without it:
rem models then run on their function bodies, or on the DLLs that -Dsubbit.ops.library=FILE and -Dsubbit.fpga.library=FILE name in
rem SUBBIT_JAVA_OPTS. Of file names on the command line Java takes the characters of the system's code page; there is no locale to set, as
rem subbit does on Linux, but Windows's setting "use Unicode UTF-8" makes all characters such. After a change to the sources delete plugin\cli\target\dependencies.txt, and the next call builds anew.
setlocal EnableExtensions DisableDelayedExpansion
set "home=%~dp0"
set "home=%home:~0,-1%"

set "java=java"
if not defined JAVA_HOME goto :find_java
set "java=%JAVA_HOME%\bin\java.exe"
if exist "%java%" goto :check_java
echo subbit: JAVA_HOME is '%JAVA_HOME%', but there is no bin\java.exe in it. Set it to a JDK of version 17 or newer.>&2
exit /b 1
:find_java
where java >nul 2>nul && goto :check_java
echo subbit: found no Java. Install a JDK of version 17 or newer, or set JAVA_HOME.>&2
exit /b 1

:check_java
set "version="
set "release="
for /f "tokens=2" %%v in ('""%java%" --version"') do if not defined version set "version=%%v"
for /f "tokens=1 delims=.-+" %%r in ("%version%") do set "release=%%r"
if not defined release (
  echo subbit: %java% does not say its version, as a Java before 9 does not; Subbit needs 17 or newer. Set JAVA_HOME to a JDK.>&2
  exit /b 1
)
if %release% lss 17 (
  echo subbit: %java% is version %release%; Subbit needs 17 or newer. Set JAVA_HOME to a newer JDK.>&2
  exit /b 1
)

set "dependencies=%home%\plugin\cli\target\dependencies.txt"
if exist "%dependencies%" goto :run
if not exist "%home%\.subbit" mkdir "%home%\.subbit" || exit /b 1
set "log=%home%\.subbit\build.log"
echo subbit: building the Java part (a few minutes the first time, with about 300 MB to download; log: %log%)>&2
pushd "%home%"
call mvnw.cmd --batch-mode -q -pl plugin/cli -am -DskipTests -Dexec.skip -Dnative.skipCross -Dspotless.check.skip -Dcheckstyle.skip package >"%log%" 2>&1
set "failed=%errorlevel%"
popd
if not "%failed%"=="0" (
  echo subbit: the build failed; the log is in %log%.>&2
  exit /b 1
)

:run
rem Native libraries and Unsafe are used on purpose; newer Javas warn unless told so.
set "options="
if %release% geq 22 set "options=--enable-native-access=ALL-UNNAMED"
if %release% geq 23 set "options=%options% --sun-misc-unsafe-memory-access=allow"

rem The classpath goes through the environment, which takes more than a command line does. Of the command line's own classes the jar,
rem since Java archives no classes from folders.
set "target=%home%\plugin\cli\target"
set "own=%target%\classes"
pushd "%target%"
for %%j in (subbit-cli-*.jar) do call :take_jar "%%j"
popd
for /f "usebackq delims=" %%c in ("%dependencies%") do set "CLASSPATH=%own%;%%c"

rem What a start loads, archived once per build and Java, so that help comes at once. Java that cannot do it, or a checkout that cannot be
rem written to, goes without.
set "archive=%target%\start-%version%.jsa"
set "made="
for %%f in ("%dependencies%") do set "build=%%~tf %%~zf"
if exist "%archive%.txt" set /p made=<"%archive%.txt"
if "%made%"=="%build%" goto :use_archive
if exist "%archive%.txt" del /q "%archive%.txt" >nul 2>nul
"%java%" %options% "-XX:ArchiveClassesAtExit=%archive%.new" dev.subbit.cli.Main --help >nul 2>nul <nul || goto :no_archive
move /y "%archive%.new" "%archive%" >nul 2>nul || goto :no_archive
>"%archive%.txt" echo %build%
:use_archive
if exist "%archive%" set options=%options% -Xshare:auto "-XX:SharedArchiveFile=%archive%"
:no_archive
if exist "%archive%.new" del /q "%archive%.new" >nul 2>nul

set "command=%~1"
rem Help is over before code compiled with care would pay.
:next_argument
if "%~1"=="" goto :start
for %%h in (--help -h --version -V) do if "%~1"=="%%h" set options=%options% -XX:TieredStopAtLevel=1& goto :start
shift /1
goto :next_argument

:start
rem Quantizing makes large arrays and drops them again; this collector gives their memory back to the system.
if "%command%"=="quantize" set options=%options% -Xms64m -XX:+UseSerialGC -XX:MinHeapFreeRatio=10 -XX:MaxHeapFreeRatio=20
rem TensorFlow's start-up notes say nothing to a user.
if not defined TF_CPP_MIN_LOG_LEVEL set "TF_CPP_MIN_LOG_LEVEL=2"
"%java%" %options% "-Dsubbit.home=%home%" %SUBBIT_JAVA_OPTS% dev.subbit.cli.Main %*
exit /b %errorlevel%

:take_jar
set "name=%~n1"
if "%name:~-8%"=="-sources" exit /b
if "%name:~-8%"=="-javadoc" exit /b
if "%name:~-6%"=="-tests" exit /b
set "own=%target%\%~1"
exit /b
