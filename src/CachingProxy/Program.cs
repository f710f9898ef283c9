using CachingProxy.Commands;

return await new CommandLine().InvokeAsync(args);
