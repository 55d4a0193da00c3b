using Controller.Api;

await ApiHost.Build(args).RunAsync();
